"""Owns how a failed activity is told to its orchestration: the texts that Azure uses."""

import traceback
from datetime import timedelta

from devhost.replay import compact

_RPC_EXCEPTION = "Microsoft.Azure.WebJobs.Script.Workers.Rpc.RpcException"


class FunctionTimeoutError(Exception):
    """A function ran longer than host.json allows."""

    def __init__(self, name: str, limit: timedelta | None) -> None:
        # .NET writes two digits for the hours, and seven for parts of a second.
        text = f"0{limit}0" if limit and limit.microseconds else f"0{limit}"
        super().__init__(f"Timeout value of {text} was exceeded by function: Functions.{name}.")


def said(error: BaseException) -> str:
    """Return what an exception says, which user code may have got wrong too."""
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - whatever __str__ raises, the failure must be told
        return "<exception str() failed>"


def of_activity(name: str, error: BaseException) -> tuple[str, str]:
    """Return Reason and Details of a TaskFailed event; Details is JSON of a .NET exception."""
    kind = "" if isinstance(error, FunctionTimeoutError) else type(error).__name__
    text = f" {kind}: {said(error)}" if kind else said(error)
    stack = "".join(traceback.format_exception(error))
    inner = {
        "$type": f"{_RPC_EXCEPTION}, Microsoft.Azure.WebJobs.Script.Grpc",
        "ClassName": _RPC_EXCEPTION,
        "RemoteStackTrace": stack,
        "RemoteMessage": text.strip(),
        "RemoteTypeName": kind,
        "Message": f"Result: Failure\nException: {text.strip()}\nStack: {stack}",
        "InnerException": None,
    }
    outer = {
        "$type": "System.Exception, System.Private.CoreLib",
        "ClassName": "System.Exception",
        "Message": text,
        "InnerException": inner,
    }
    return f"Activity function '{name}' failed: {text}", compact(outer)
