"use strict";

exports.prices = [
  { name: "tea", pence: 180 },
  { name: "scone", pence: 240 },
];
