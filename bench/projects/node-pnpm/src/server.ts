import express from "express";
import { seeds } from "./seeds";

const app = express();

app.get("/seeds", (_request, response) => {
  response.json(seeds);
});

app.get("/health", (_request, response) => {
  response.json({ status: "ok" });
});

app.listen(Number(process.env.PORT ?? 3000));
