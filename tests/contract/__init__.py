"""The contract: every promise of the API, held against naive Python over plain records."""
