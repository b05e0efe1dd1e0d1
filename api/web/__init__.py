"""Flask: routes, query strings, problems, caching, OpenAPI, pages, and the server."""
