"""From a request's filters to one SELECT and its values. Pure."""
