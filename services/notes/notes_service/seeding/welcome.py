"""The welcome note every new user finds in the Inbox (notes §11.1)."""

from __future__ import annotations

TITLE = "Welcome to Notechondria"
DESCRIPTION = "What you can do here, in two minutes of reading."
BODY = """\
This is your own place for notes, courses and plans. It runs on a machine that you or somebody you trust looks after, \
and what you write stays there.

## Write

* A note is markdown: headings, lists, tables, code and formulas all work.
* Notes that belong together go into a course. This one lies in your Inbox, the course that everything without a \
place of its own ends up in.
* Every note is private until you switch it to public yourself.

## Keep

* Earlier states of a note are kept as versions; you can look at them and go back.
* Deleted notes lie in the recycle bin until you empty it.

## Plan

* Put deadlines and lectures into the planner, or subscribe to a calendar you already have.
* The week shows your plans beside the time you spent on your notes.

Change this note, or delete it: it will not come back.
"""
