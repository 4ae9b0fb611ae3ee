// Runs before the page is painted, so that a chosen theme does not flash. Without a choice the system's holds.
(function () {
  try {
    var theme = localStorage.getItem("bailiwick.theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch {
    // storage is closed: the system's theme it is
  }
})();
