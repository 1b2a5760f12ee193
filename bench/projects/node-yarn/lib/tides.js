const HARBOURS = {
  husum: ["03:12 low water", "09:25 high water"],
  emden: ["01:40 low water", "07:51 high water"],
};

function tides(harbour) {
  return HARBOURS[harbour];
}

module.exports = { tides };
