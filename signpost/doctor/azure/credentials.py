"""Owns who asks Azure: whoever signed in with `az` or `azd` on this machine."""

from types import MappingProxyType

PUBLIC = "AzureCloud"
# The management endpoints that `az cloud list` names.
CLOUDS = MappingProxyType(
    {
        PUBLIC: "https://management.azure.com",
        "AzureUSGovernment": "https://management.usgovcloudapi.net",
        "AzureChinaCloud": "https://management.chinacloudapi.cn",
    }
)
TIMEOUT_SECONDS = 60  # az starts slowly, more so while it renews a token


class NotSignedIn(Exception):  # noqa: N818 - it says what is the case
    """Neither `az` nor `azd` gives a token."""


async def token_for(endpoint: str) -> str:
    """Ask `az`, then `azd`, for a token for a cloud's management endpoint. Raises NotSignedIn."""
    from azure.core.exceptions import ClientAuthenticationError  # noqa: PLC0415 - slow to import
    from azure.identity.aio import (  # noqa: PLC0415 - as above
        AzureCliCredential,
        AzureDeveloperCliCredential,
        ChainedTokenCredential,
    )

    chain = ChainedTokenCredential(
        AzureCliCredential(process_timeout=TIMEOUT_SECONDS),
        AzureDeveloperCliCredential(process_timeout=TIMEOUT_SECONDS),
    )
    async with chain:
        try:
            return (await chain.get_token(f"{endpoint}/.default")).token
        except ClientAuthenticationError as error:
            raise NotSignedIn from error


def sign_in(cloud: str) -> str:
    """Give the command that signs in to a cloud, as `az cloud list` names it."""
    return "az login" if cloud == PUBLIC else f"az cloud set --name {cloud} && az login"
