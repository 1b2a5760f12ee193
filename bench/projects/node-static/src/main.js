import "./style.css";

document.querySelector("#app").textContent = "Nothing here needs a server";
