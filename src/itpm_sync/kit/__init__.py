"""What connector authors need beside the port: secrets, answers, retries, limits, paging, text, days.

In: ports and errors. Out: small tools, each in a file named by what it does. `README.md` here tells which to take.
This package imports nothing by itself, so that looking at a connector's class stays cheap.
"""
