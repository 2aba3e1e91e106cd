"""Owns how a failed activity is told to its orchestration: the texts that Azure uses."""

import traceback
from datetime import timedelta

from devhost.replay import compact


class FunctionTimeoutError(Exception):
    """A function ran longer than host.json allows."""

    def __init__(self, name: str, limit: timedelta | None) -> None:
        super().__init__(f"Timeout value of {limit} was exceeded by function: Functions.{name}.")


def of_activity(name: str, error: BaseException) -> tuple[str, str]:
    """Return Reason and Details of a TaskFailed event; Details is JSON of a .NET exception."""
    if isinstance(error, FunctionTimeoutError):
        text = kind = ""
        text = str(error)
    else:
        kind = type(error).__name__
        text = f" {kind}: {error}"
    stack = "".join(traceback.format_exception(error))
    inner = {
        "$type": "Microsoft.Azure.WebJobs.Script.Workers.Rpc.RpcException, "
        "Microsoft.Azure.WebJobs.Script.Grpc",
        "ClassName": "Microsoft.Azure.WebJobs.Script.Workers.Rpc.RpcException",
        "IsUserException": False,
        "RemoteStackTrace": stack,
        "RemoteMessage": text.strip(),
        "RemoteTypeName": kind,
        "Message": f"Result: Failure\nException: {text.strip()}\nStack: {stack}",
        "Data": {},
        "InnerException": None,
        "HelpURL": None,
        "HResult": -2146233088,
    }
    outer = {
        "$type": "System.Exception, System.Private.CoreLib",
        "ClassName": "System.Exception",
        "Message": text,
        "Data": None,
        "InnerException": inner,
        "HelpURL": None,
        "StackTraceString": None,
        "HResult": -2146233088,
        "Source": None,
    }
    return f"Activity function '{name}' failed: {text}", compact(outer)
