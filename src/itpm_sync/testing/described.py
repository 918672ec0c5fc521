"""Two containers as their connectors describe them, with the options that make translation hard.

In: nothing. Out: a Jira project and a Planner plan: names that differ in case and accents, a status that the mapping
does not list, a label that was renamed.
"""

from __future__ import annotations

from itpm_sync.connector import ContainerInfo, NativeField

JIRA = ContainerInfo(
    "NET",
    "Network refresh",
    [
        NativeField("summary", "Summary", "text"),
        NativeField("issuetype", "Issue Type", "type", options={"1": "Task", "2": "Epic", "3": "Risk"}),
        NativeField("description", "Description", "document"),
        NativeField(
            "status",
            "Status",
            "status",
            options=dict(
                zip(
                    ("10", "11", "12", "13", "14", "15"),
                    ("To Do", "In Progress", "In Review", "Done", "Waiting", "Rejected"),
                    strict=True,
                )
            ),
        ),
        NativeField(
            "statusCategory",
            "Status category",
            "category",
            writable=False,
            options={"10": "todo", "11": "doing", "12": "doing", "13": "done", "14": "doing", "15": "done"},
        ),
        NativeField("priority", "Priority", "priority", options={str(n): name for n, name in enumerate(
            ["Highest", "High", "Medium", "Low", "Lowest"], 1)}),
        NativeField("assignee", "Assignee", "person"),
        NativeField("labels", "Labels", "labels"),
        NativeField("duedate", "Due date", "date"),
        NativeField("customfield_10015", "Start date", "date"),
        NativeField("parent", "Parent", "parent"),
        NativeField("issuelinks", "Linked Issues", "links"),
        NativeField("timeoriginalestimate", "Original estimate", "seconds"),
        NativeField("customfield_1", "Site", "option", options={"91": "North", "92": "Süd", "93": "north "}),
        NativeField("customfield_2", "Probability", "option", options={"5": "1", "6": "3", "7": "5"}),
        NativeField("customfield_3", "Health", "option", options={"1": "Green", "2": "Amber", "3": "Red", "4": "Gray"}),
        NativeField("customfield_4", "Risk impact", "number"),
        *(
            NativeField(f"customfield_{number}", title, "any")
            for number, title in enumerate(
                ("Promised date", "Need by", "Vendor", "Gate", "Response", "RAG reason"), 20
            )
        ),
    ],
    "jira",
)  # fmt: skip
PLANNER = ContainerInfo(
    "plan",
    "Rollout plan",
    [
        NativeField(name, name, "any")
        for name in (
            "title",
            "description",
            "percentComplete",
            "startDateTime",
            "dueDateTime",
            "priority",
            "assignments",
        )
    ]
    + [
        NativeField(
            "appliedCategories",
            "Labels",
            "options",
            options={"category1": "bug", "category2": "Größe", "category5": "Bug "},
        )
    ],
    "planner",
)
