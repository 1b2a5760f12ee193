import express from "express";

import { Notes } from "./notes";

const notes = new Notes();
notes.add("water the plants");

const app = express();
app.use(express.json());

app.get("/health", (_request, response) => {
  response.json({ status: "ok" });
});

app.get("/notes", (_request, response) => {
  response.json(notes.all());
});

app.post("/notes", (request, response) => {
  response.status(201).json(notes.add(String(request.body.text)));
});

const port = Number(process.env.PORT ?? 3000);
app.listen(port, () => console.log(`listening on ${port}`));
