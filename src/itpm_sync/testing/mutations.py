"""Small faults planted in Python source: what a tired person might have written instead.

In: a module's source. Out: its mutants, each one change of the syntax tree, in an order that follows from the source
alone. Annotations, docstrings, decorators, imports and texts for people are left as they are.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

Site = tuple[ast.AST, str, int | None, ast.AST]
"""(parent, field, index in it or None, node)."""

_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
}
_OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
_OTHER_NAMES = {"sorted": "list", "min": "max", "max": "min", "any": "all", "all": "any"}
_LEFT_OUT = ("annotation", "returns", "decorator_list", "type_params", "bases")


@dataclass(frozen=True, slots=True)
class Mutant:
    """One fault: the number under which `plant` makes it, and how a person finds it."""

    number: int
    line: int
    function: str
    what: str
    """`old → new`, as source."""


def mutants(source: str) -> list[Mutant]:
    """Every mutant of a module."""
    found: list[Mutant] = []
    for (_, _, _, node), function, new in _variants(ast.parse(source)):
        what = f"{_one_line(node)} → {_one_line(new)}"
        line = next(one.lineno for one in ast.walk(node) if isinstance(one, ast.expr | ast.stmt))
        found.append(Mutant(len(found), line, function, what))
    return found


def plant(source: str, number: int) -> ast.Module:
    """The module with that mutant in it."""
    tree = ast.parse(source)
    for count, ((parent, name, index, _), _, new) in enumerate(_variants(tree)):
        if count == number:
            if index is None:
                setattr(parent, name, new)
            else:
                getattr(parent, name)[index] = new
            return ast.fix_missing_locations(tree)
    raise ValueError(f"there are no {number + 1} mutants")


def _one_line(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 150 else f"{text[:147]}…"


def _variants(tree: ast.Module) -> Iterator[tuple[Site, str, ast.AST]]:
    for site, function in _sites(tree, ""):
        parent, name, _, node = site
        for new in _instead(parent, name, node):
            yield site, function, ast.copy_location(new, node) if hasattr(node, "lineno") else new


def _sites(node: ast.AST, function: str) -> Iterator[tuple[Site, str]]:
    for name, value in ast.iter_fields(node):
        if name in _LEFT_OUT:
            continue
        children: Sequence[object] = value if isinstance(value, list) else [value]
        for index, child in enumerate(children):
            if not isinstance(child, ast.AST) or _is_left_out(node, child):
                continue
            named = isinstance(child, ast.FunctionDef | ast.ClassDef)
            inner = ".".join(filter(None, (function, child.name))) if named else function  # type: ignore[attr-defined]
            yield (node, name, index if isinstance(value, list) else None, child), inner
            yield from _sites(child, inner)


def _is_left_out(parent: ast.AST, child: ast.AST) -> bool:
    """Docstrings and texts for people, imports, what only types look at, and the names a module offers."""
    if isinstance(child, ast.Import | ast.ImportFrom | ast.JoinedStr | ast.Assert):
        return True
    if isinstance(child, ast.Expr):
        return isinstance(child.value, ast.Constant)
    offered = isinstance(child, ast.Assign) and isinstance(child.targets[0], ast.Name)
    alias = offered and child.targets[0].id[:1].isupper() and isinstance(parent, ast.Module)  # type: ignore[attr-defined]
    dunder = offered and child.targets[0].id == "__all__"  # type: ignore[attr-defined]
    return bool(dunder or (alias and isinstance(child.value, ast.Subscript)))  # type: ignore[attr-defined]


def _instead(parent: ast.AST, name: str, node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.stmt():
            yield from _statements(node)
        case ast.Compare():
            yield from _comparisons(node)
        case ast.BoolOp() | ast.BinOp() | ast.UnaryOp() | ast.IfExp():
            yield from _operators(node)
        case ast.Constant():
            yield from _constants(parent, node)
        case ast.Call():
            yield from _calls(node)
        case ast.comprehension():
            for at in range(len(node.ifs)):
                ifs = node.ifs[:at] + node.ifs[at + 1 :]
                yield ast.comprehension(node.target, node.iter, ifs, node.is_async)
        case ast.Dict() if len(node.values) > 1 and None in node.keys:
            yield ast.Dict(node.keys[::-1], node.values[::-1])
    if name == "test" and isinstance(node, ast.Name | ast.Attribute | ast.Call | ast.NamedExpr):
        if not isinstance(parent, ast.IfExp):
            yield ast.UnaryOp(ast.Not(), node)


def _operators(node: ast.BoolOp | ast.BinOp | ast.UnaryOp | ast.IfExp) -> Iterator[ast.AST]:
    if isinstance(node, ast.BoolOp):
        yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
        for at in range(len(node.values)):
            rest = node.values[:at] + node.values[at + 1 :]
            yield ast.BoolOp(node.op, rest) if len(rest) > 1 else rest[0]
    elif isinstance(node, ast.UnaryOp):
        if isinstance(node.op, ast.Not):
            yield node.operand
    elif isinstance(node, ast.IfExp):
        yield ast.IfExp(node.test, node.orelse, node.body)
    elif type(node.op) in _OPERATORS:
        yield ast.BinOp(node.left, _OPERATORS[type(node.op)](), node.right)


def _statements(node: ast.stmt) -> Iterator[ast.AST]:
    if isinstance(node, ast.Expr | ast.AugAssign | ast.Continue | ast.Raise | ast.Delete):
        yield ast.Pass()
    if isinstance(node, ast.Continue):
        yield ast.Break()
    if isinstance(node, ast.Break):
        yield ast.Continue()
    if isinstance(node, ast.Return) and node.value is not None:
        if not (isinstance(node.value, ast.Constant) and not node.value.value):  # only its truth is asked
            yield ast.Return(ast.Constant(None))
    if isinstance(node, ast.Assign) and not isinstance(node.targets[0], ast.Name | ast.Tuple):
        yield ast.Pass()
    if isinstance(node, ast.If) and node.orelse and not isinstance(node.orelse[0], ast.If):
        yield ast.If(node.test, node.body, [])


def _comparisons(node: ast.Compare) -> Iterator[ast.AST]:
    for at, operator in enumerate(node.ops):
        for other in _COMPARISONS[type(operator)]:
            yield ast.Compare(node.left, [*node.ops[:at], other(), *node.ops[at + 1 :]], node.comparators)


def _constants(parent: ast.AST, node: ast.Constant) -> Iterator[ast.AST]:
    value = node.value
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int | float):
        yield ast.Constant(value + 1)
    elif isinstance(value, str) and isinstance(parent, ast.Compare | ast.Subscript | ast.Dict | ast.Set):
        yield ast.Constant(f"{value}?")


def _calls(node: ast.Call) -> Iterator[ast.AST]:
    function = node.func
    if isinstance(function, ast.Name) and function.id in _OTHER_NAMES:
        other = ast.Name(_OTHER_NAMES[function.id], ast.Load())
        yield ast.Call(other, node.args, [] if other.id == "list" else node.keywords)
    called = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
    plain = [one for one in node.args if not isinstance(one, ast.Starred | ast.GeneratorExp)]
    if len(plain) > 1 and len(node.args) > 1 and called not in ("isinstance", "getattr"):
        yield ast.Call(function, [node.args[1], node.args[0], *node.args[2:]], node.keywords)
    if called == "get" and len(node.args) == 2:
        yield ast.Call(function, node.args[:1], node.keywords)
    for at, keyword in enumerate(node.keywords):
        if keyword.arg is not None:
            yield ast.Call(function, node.args, node.keywords[:at] + node.keywords[at + 1 :])
