"""The datasets that are held."""

from api.model.dataset import Dataset
from api.store.readers import Reader


def every(reader: Reader) -> tuple[Dataset, ...]:
    """All of them, by id."""
    rows = reader.rows("SELECT id, title, licence, attribution, url FROM datasets ORDER BY id")
    return tuple(Dataset(*row) for row in rows)
