"""The app: registers what `triggers`, `orchestrators` and `activities` declare, nothing else."""

import azure.functions as func

from activities import draft, oversight, post
from orchestrators import sign_and_post
from triggers import about, approvals, boxes, health, instructions, pages, runs, steering, sweep

app = func.FunctionApp()
for module in (runs, approvals, steering, boxes, instructions, about, health, pages, sweep):
    app.register_functions(module.bp)
for module in (sign_and_post, draft, oversight, post):
    app.register_functions(module.bp)
