"""Many rows as parameters of one statement: an array for each column."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, column, func, inspect
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.sql.selectable import TableValuedAlias


def unnested(model: type[DeclarativeBase], columns: Sequence[str]) -> TableValuedAlias:
    """Rows with these columns of a table, from parameters that are named as the columns."""
    types = {name: inspect(model).columns[name].type for name in columns}
    arrays = (bindparam(name, type_=ARRAY(kind), required=True) for name, kind in types.items())
    rows = func.unnest(*arrays).table_valued(*(column(name, kind) for name, kind in types.items()), name="sent")
    return rows.render_derived(name="sent")
