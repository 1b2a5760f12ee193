"use strict";

const path = require("node:path");
const express = require("express");
const { prices } = require("./lib/prices");

const app = express();
app.set("view engine", "ejs");
app.set("views", path.join(__dirname, "views"));
app.use("/public", express.static(path.join(__dirname, "public")));

app.get("/", (_request, response) => {
  response.render("index", { title: "Price list", prices });
});

app.listen(process.env.PORT || 3000);
