// Does nothing, beside the process that is judged: what delays this one's loop is the machine.
setInterval(() => {}, 60_000);
