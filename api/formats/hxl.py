"""`hxl.csv`: the CSV with a row of tags under its header, by the Humanitarian Exchange Language (HXL) 1.1."""

from collections.abc import Sequence

from api.formats.csv_list import CsvList
from api.model.resource import Column


class HxlCsv(CsvList):
    """The lines of `csv`, with the tag of each column under its name."""

    name = "hxl.csv"

    def heads(self, columns: Sequence[Column]) -> Sequence[Sequence[str]]:
        return (*super().heads(columns), [each.hxl for each in columns])
