"""The command ``mcp``: a server of the Model Context Protocol, through which assistants run and explain."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

from sim.commands.changes import MayTake
from sim.commands.options import one_line_errors
from sim.commands.spread import spread
from sim.files.errors import InputError

if TYPE_CHECKING:
    from mcp.server.mcpserver import MCPServer

    from sim.files.limits import Limits

INSTRUCTIONS = (
    "stallscope simulates state-space models (Mamba-1, 2, 3, hybrids, Transformers) on edge accelerators, event by "
    "event, and says where each unit stalls and what would remove it. `run` first, `explain` for why and what helps, "
    "`compare` for differences. Every number comes from a run; say which changes it was made with. Mistakes are "
    "answered with a line that says what was expected."
)


@spread
def mcp(*, may_take: MayTake) -> None:
    """Serve run, explain, compare, count, memory and list to an assistant, over standard input and output."""
    with one_line_errors():
        from sim.files.extras import require

        require("mcp", "mcp", "mcp")
        server(may_take.limits()).run("stdio")


def server(limits: Limits) -> MCPServer:
    """The server, which refuses what would take more than the *limits*."""
    from mcp.server.mcpserver import MCPServer

    from sim.api.tools import Tools
    from sim.version import __version__

    made = MCPServer("stallscope", instructions=INSTRUCTIONS, version=__version__, log_level="ERROR")
    for tool in Tools(limits).all.values():
        made.tool()(_told(tool))
    return made


def _told(tool: Callable[..., Any]) -> Callable[..., Any]:
    """*tool*, whose mistakes in the input are answers for an assistant to read."""
    from mcp.server.mcpserver.exceptions import ToolError

    @wraps(tool)
    def asked(**arguments: Any) -> Any:
        try:
            return tool(**arguments)
        except InputError as error:
            raise ToolError(str(error)) from None

    return asked
