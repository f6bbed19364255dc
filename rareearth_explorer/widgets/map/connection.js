// Says when the program behind the page no longer answers: what is done on the page then is lost.

const ENDED = ["dead", "terminating", "restarting", "autorestarting"]; // a new kernel knows no explorer
const INTERRUPTED = 4000; // milliseconds; a shorter interruption is not worth a word

const STOPPED = "The program behind this page has stopped: what you do here now is lost, what you did before is "
  + "kept. Start it again if it was stopped, then reload the page, or run the cell again.";
const SILENT = "The connection to the program is interrupted: wait until this goes away, or what you do is lost. "
  + "If it stays, start the program again and reload the page.";

function connection(model, map) {
  const kernel = model.widget_manager?.kernel, box = map.getContainer();
  if (!kernel?.connectionStatusChanged) return () => {};
  const note = document.createElement("div");
  Object.assign(note, { className: "rareearth-lost", role: "alert" });
  let timer = null, ended = false;
  const say = (words) => {
    note.textContent = words;
    (box.closest(".rareearth-explorer") ?? box).append(note);
  };
  const look = () => {
    ended ||= ENDED.includes(kernel.status) || kernel.isDisposed;
    if (ended) return say(STOPPED);
    if (kernel.connectionStatus === "connected") {
      clearTimeout(timer);
      timer = null;
      note.remove();
    } else timer ??= setTimeout(() => say(SILENT), INTERRUPTED);
  };
  const signals = [kernel.connectionStatusChanged, kernel.statusChanged, kernel.disposed];
  for (const signal of signals) signal.connect(look);
  return () => {
    for (const signal of signals) signal.disconnect(look);
    clearTimeout(timer);
    if (!ended) note.remove();
  };
}
