// Start-up of Swagger UI in a file of its own: the pages allow no inline script.
window.addEventListener("load", () => {
  SwaggerUIBundle({
    url: "v1/openapi.json",
    dom_id: "#docs",
    deepLinking: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    validatorUrl: null,
  });
});
