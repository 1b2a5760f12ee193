const path = require("path");
const express = require("express");
const morgan = require("morgan");
const { tides } = require("./lib/tides");

const app = express();
app.use(morgan("tiny"));
app.use("/static", express.static(path.join(__dirname, "public")));

app.get("/tides/:harbour", (request, response) => {
  const found = tides(request.params.harbour);
  if (!found) {
    response.status(404).json({ error: "no such harbour" });
    return;
  }
  response.json({ harbour: request.params.harbour, tides: found });
});

app.get("/health", (_request, response) => {
  response.json({ status: "ok" });
});

app.listen(process.env.PORT || 3000);
