"use strict";
// One clock for the video, what is drawn on it, the plots and the words. Nothing here talks to a network.
const data = JSON.parse(document.getElementById("data").textContent);
const part = id => document.getElementById(id);
const MISSING = -32768, TICK_S = 1e-4;
const MOST_POINTS = 4000; // of a line on the screen; more are reduced to the smallest and largest of each pixel or so

// -- numbers -------------------------------------------------------------------------------------------------------
async function integers(packed) {
  const letters = atob(packed.data), bytes = new Uint8Array(letters.length);
  for (let i = 0; i < letters.length; i++) bytes[i] = letters.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const planes = new Uint8Array(await new Response(stream).arrayBuffer());
  const { rows, width } = packed, count = rows * width;
  const values = packed.bytes === 2 ? new Int16Array(count) : new Int32Array(count);
  for (let column = 0; column < width; column++) {
    let last = 0;
    for (let row = 0; row < rows; row++) {
      const at = column * rows + row;
      let change = 0;
      for (let byte = 0; byte < packed.bytes; byte++) change |= planes[byte * count + at] << (8 * byte);
      values[row * width + column] = last + change;
      last = values[row * width + column];
    }
  }
  return values;
}
const times = async packed => Float64Array.from(await integers(packed), tick => tick * TICK_S);
async function numbers(packed) {
  const whole = await integers(packed);
  return Float32Array.from(whole, value => value === MISSING ? NaN : packed.origin + packed.step * value);
}

/** Index of the last of ascending times that is not after `time`, or -1. */
function lastAt(ascending, time) {
  let low = 0, high = ascending.length;
  while (low < high) { const middle = (low + high) >> 1; if (ascending[middle] <= time) low = middle + 1; else high = middle; }
  return low - 1;
}

function median(values) {
  const sorted = Float64Array.from(values).sort();
  return sorted.length ? sorted[sorted.length >> 1] : 0;
}

// -- the clock -----------------------------------------------------------------------------------------------------
const video = part("video");
const duration = data.duration || 0;
const clock = {
  time: 0, playing: false, rate: 1, from: 0, since: 0,
  play() {
    if (this.time >= duration - 0.02) this.seek(0);
    if (video && !video.error) { video.playbackRate = this.rate; video.play().catch(() => {}); }
    else { this.from = this.time; this.since = performance.now(); }
    this.playing = true;
    part("play").textContent = "Pause";
    requestAnimationFrame(follow);
  },
  pause() {
    if (video) video.pause();
    this.playing = false;
    part("play").textContent = "Play";
  },
  seek(time) {
    this.time = Math.min(Math.max(0, time), duration);
    this.from = this.time; this.since = performance.now();
    if (video && !video.error) video.currentTime = this.time;
    show(this.time);
  },
};

function follow() {
  if (!clock.playing) return;
  if (video && !video.error) clock.time = video.currentTime;
  else clock.time = clock.from + clock.rate * (performance.now() - clock.since) / 1000;
  if (clock.time >= duration || (video && video.ended)) { clock.time = Math.min(clock.time, duration); clock.pause(); }
  show(clock.time, !hasFrames);
  requestAnimationFrame(follow);
}

// The browser tells which picture is on the screen: that one's points are drawn, not those of a clock beside it.
const hasFrames = Boolean(video && video.requestVideoFrameCallback);
if (hasFrames) {
  const onFrame = (_, frame) => { draw(frame.mediaTime); video.requestVideoFrameCallback(onFrame); };
  video.requestVideoFrameCallback(onFrame);
}
if (video) {
  video.addEventListener("seeked", () => { if (!hasFrames) draw(video.currentTime); });
  video.addEventListener("error", () => { part("unplayable").hidden = false; draw(clock.time); });
}

function show(time, drawToo = true) {
  part("time").textContent = time.toFixed(2) + " s";
  part("position").value = time;
  markPlot(time);
  markWords(time);
  markCaptions(time);
  if (drawToo && !(hasFrames && !video.paused)) draw(time);
}

// -- what is drawn on the picture ----------------------------------------------------------------------------------
const overlay = part("overlay");
const layers = [];
async function unpackLayers() {
  for (const layer of data.layers) {
    const tracks = [];
    for (const track of layer.tracks)
      tracks.push({ times: await times(track.times), points: await integers(track.points), width: track.points.width, hold: track.hold });
    layers.push({ ...layer, tracks });
  }
}

let drawnAt = null;
function draw(time) {
  drawnAt = time;
  if (!overlay || !data.size[0]) return;
  const ratio = window.devicePixelRatio || 1, box = overlay.getBoundingClientRect();
  const width = Math.max(1, Math.round(box.width * ratio)), height = Math.max(1, Math.round(box.height * ratio));
  if (overlay.width !== width || overlay.height !== height) { overlay.width = width; overlay.height = height; }
  const context = overlay.getContext("2d");
  context.clearRect(0, 0, width, height);
  const scale = Math.min(width / data.size[0], height / data.size[1]);
  const left = (width - scale * data.size[0]) / 2, top = (height - scale * data.size[1]) / 2;
  const boxes = document.querySelectorAll(".layer");
  layers.forEach((layer, number) => {
    if (!boxes[number].checked) return;
    const step = layer.step * scale, radius = layer.radius * ratio;
    context.strokeStyle = context.fillStyle = layer.colour;
    context.lineWidth = Math.max(1, layer.radius) * ratio;
    for (const track of layer.tracks) {
      // The picture on the screen has its own row; half a millisecond is for times that were rounded.
      const row = lastAt(track.times, time + 5e-4);
      if (row < 0 || time - track.times[row] > track.hold) continue;
      const at = row * track.width, x = i => left + step * data.stretch * track.points[at + 2 * i], y = i => top + step * track.points[at + 2 * i + 1];
      const seen = i => track.points[at + 2 * i] !== MISSING;
      context.beginPath();
      for (let e = 0; e < layer.edges.length; e += 2) {
        const a = layer.edges[e], b = layer.edges[e + 1];
        if (seen(a) && seen(b)) { context.moveTo(x(a), y(a)); context.lineTo(x(b), y(b)); }
      }
      context.stroke();
      if (radius) for (let i = 0; 2 * i < track.width; i++) if (seen(i)) context.fillRect(x(i) - radius, y(i) - radius, 2 * radius, 2 * radius);
    }
  });
}

// -- words ---------------------------------------------------------------------------------------------------------
const words = [...document.querySelectorAll(".word")].map(element =>
  ({ element, start: Number(element.dataset.start), end: Number(element.dataset.end) })).sort((a, b) => a.start - b.start);
const wordStarts = words.map(word => word.start);
let spoken = [];
function markWords(time) {
  const now = [];
  for (let i = lastAt(wordStarts, time), back = 0; i >= 0 && back < 8; i--, back++) if (time < words[i].end) now.push(words[i].element);
  for (const element of spoken) if (!now.includes(element)) element.classList.remove("now");
  for (const element of now) if (!spoken.includes(element)) element.classList.add("now");
  const panel = part("transcript");
  if (now.length && panel && now[0] !== spoken[0]) {
    const top = now[0].offsetTop;
    if (top < panel.scrollTop || top > panel.scrollTop + panel.clientHeight - 40) panel.scrollTop = top - panel.clientHeight / 3;
  }
  spoken = now;
}
for (const word of words) word.element.addEventListener("click", () => clock.seek(word.start + 1e-3));

// -- captions ------------------------------------------------------------------------------------------------------
const captions = [...document.querySelectorAll(".caption")].map(element =>
  ({ element, start: Number(element.dataset.start), end: Number(element.dataset.end) }));
function markCaptions(time) {
  for (const { element, start, end } of captions) element.classList.toggle("now", time >= start && time < end);
}
for (const button of document.querySelectorAll(".seek"))
  button.addEventListener("click", () => clock.seek(Number(button.dataset.seek) + 1e-3));

// -- plots ---------------------------------------------------------------------------------------------------------
const lines = [];
async function unpackSignals() {
  for (const [row, signal] of data.signals.entries()) {
    const clocks = [];
    for (const packed of signal.clocks) clocks.push(await times(packed));
    for (const line of signal.lines) {
      const at = clocks[line.clock], steps = at.subarray(1).map((time, i) => time - at[i]);
      lines.push({ ...line, row, at, values: await numbers(line.values), gap: 2.5 * median(steps) });
    }
  }
}

/** The part of a line between two times, as plotly takes it: holes where nothing was measured, and long ones reduced. */
function reduced(line, from, to) {
  const { at, values, gap } = line, x = [], y = [];
  const first = Math.max(0, lastAt(at, from)), end = Math.min(at.length, lastAt(at, to) + 2);
  const count = end - first;
  const hole = i => { x.push(at[i]); y.push(null); };
  if (count <= MOST_POINTS) {
    for (let i = first; i < end; i++) {
      if (i > first && at[i] - at[i - 1] > gap) hole(i - 1);
      x.push(at[i]); y.push(Number.isNaN(values[i]) ? null : values[i]);
    }
    return { x, y };
  }
  const size = Math.ceil(2 * count / MOST_POINTS);
  for (let start = first; start < end; start += size) {
    let low = -1, high = -1, broken = start > first && at[start] - at[start - 1] > gap;
    for (let i = start; i < Math.min(end, start + size); i++) {
      if (Number.isNaN(values[i])) { broken = broken || low < 0; continue; }
      if (low < 0 || values[i] < values[low]) low = i;
      if (high < 0 || values[i] > values[high]) high = i;
    }
    if (broken) hole(start);
    if (low < 0) continue;
    for (const i of low <= high ? [low, high] : [high, low]) { x.push(at[i]); y.push(values[i]); }
  }
  return { x, y };
}

const graph = part("plot");
function laneTrace(lane, number) {
  const base = [], x = [], y = [], text = [];
  for (let i = 0; i < lane.spans.length; i += 2) {
    const start = lane.spans[i], end = lane.spans[i + 1];
    base.push(start); x.push(Math.max(end - start, 0)); y.push(number); text.push(`${start.toFixed(2)} – ${end.toFixed(2)} s`);
  }
  // The outline keeps a blink visible in an hour.
  return { base, x, y, hovertext: text, type: "bar", orientation: "h", width: 0.5, marker: { color: lane.colour, line: { color: lane.colour, width: 1.5 } },
    name: lane.name, hovertemplate: "%{hovertext}<extra>%{fullData.name}</extra>", yaxis: axisName(data.signals.length), showlegend: false };
}
const axisName = row => "y" + (row ? row + 1 : "");
const escaped = text => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

function figure() {
  const rows = data.signals.map(signal => Math.max(120, 19 * signal.lines.length + 6));
  if (data.lanes.length) rows.push(26 + 20 * data.lanes.length);
  // Letters of 11 px are some 6 px wide; longer names than fit beside a plot on a small screen are cut by the axis.
  const longest = Math.max(0, ...data.lanes.map(lane => lane.name.length));
  const left = Math.min(Math.max(130, 6.2 * longest + 14), 240);
  const gap = 16, total = rows.reduce((sum, height) => sum + height + gap, -gap);
  const layout = {
    height: total + 64, margin: { l: left, r: 130, t: 14, b: 50 }, barmode: "overlay", hovermode: "closest", dragmode: "zoom", showlegend: true,
    paper_bgcolor: "#fff", plot_bgcolor: "#fff", font: { family: "system-ui, sans-serif", size: 12, color: "#1d2733" },
    legend: { tracegroupgap: 0 }, xaxis: { range: [0, duration || 1], title: { text: "time (s)" }, gridcolor: "#edf0f3", zeroline: false, anchor: axisName(rows.length - 1) },
  };
  let top = total;
  rows.forEach((height, row) => {
    const domain = [(top - height) / total, top / total], signal = data.signals[row];
    const key = "yaxis" + (row ? row + 1 : "");
    const axis = layout[key] = { domain, fixedrange: true, gridcolor: "#edf0f3", zeroline: false, linecolor: "#b9c1cb", showline: true, automargin: false };
    if (signal) {
      axis.title = { text: escaped(signal.title).replace(/: /, ":<br>") + (signal.unit ? `<br>${escaped(signal.unit)}` : ""), font: { size: 12 } };
      axis.nticks = 4;
      layout["legend" + (row ? row + 1 : "")] = { y: domain[1], x: 1.01, xanchor: "left", yanchor: "top", font: { size: 11 }, tracegroupgap: 0 };
    } else {
      axis.tickvals = data.lanes.map((_, number) => number);
      axis.ticktext = data.lanes.map(lane => escaped(lane.name));
      axis.range = [data.lanes.length - 0.5, -0.5];
      axis.tickfont = { size: 11 };
    }
    top -= height + gap;
  });
  const traces = lines.map(line => ({
    ...reduced(line, 0, duration), type: "scatter", mode: "lines", name: escaped(line.name), connectgaps: false,
    line: { color: line.colour, dash: line.dash, width: 1.4 }, yaxis: axisName(line.row), legend: "legend" + (line.row ? line.row + 1 : ""),
    showlegend: data.signals[line.row].lines.length > 1,
    hovertemplate: `%{x:.2f} s: %{y:.4g} ${escaped(data.signals[line.row].unit)}<extra>%{fullData.name}</extra>`,
  }));
  return { traces: traces.concat(data.lanes.map((lane, number) => laneTrace({ ...lane, name: escaped(lane.name) }, number))), layout };
}

function markPlot(time) {
  const layout = graph && graph._fullLayout;
  if (!layout || !layout.xaxis) return;
  const axis = layout.xaxis, size = layout._size, x = axis.l2p(time), cursor = part("cursor");
  cursor.style.display = x >= 0 && x <= axis._length ? "block" : "none";
  cursor.style.transform = `translateX(${size.l + x}px)`;
  cursor.style.top = size.t + "px";
  cursor.style.height = size.h + "px";
}

async function plot() {
  if (!graph) return;
  await unpackSignals();
  const { traces, layout } = figure();
  await Plotly.newPlot(graph, traces, layout, { responsive: true, displaylogo: false, modeBarButtons: [["zoomIn2d", "zoomOut2d", "resetScale2d"]] });
  // A press and release in one place is a click, whatever lies under it; one that moves is a zoom.
  let pressed = null;
  graph.addEventListener("mousedown", event => { pressed = [event.clientX, event.clientY]; }, true);
  window.addEventListener("mouseup", event => {
    if (!pressed || Math.hypot(event.clientX - pressed[0], event.clientY - pressed[1]) > 4) { pressed = null; return; }
    pressed = null;
    const box = graph.getBoundingClientRect(), size = graph._fullLayout._size, axis = graph._fullLayout.xaxis;
    const x = event.clientX - box.left - size.l, y = event.clientY - box.top - size.t;
    if (x >= 0 && x <= axis._length && y >= 0 && y <= size.h) clock.seek(axis.p2l(x));
  }, true);
  const long = lines.map((line, number) => line.at.length > MOST_POINTS ? number : -1).filter(number => number >= 0);
  graph.on("plotly_relayout", async change => {
    markPlot(clock.time);
    if (!long.length || !Object.keys(change).some(key => key.startsWith("xaxis"))) return;
    const [from, to] = graph._fullLayout.xaxis.range;
    const parts = long.map(number => reduced(lines[number], from, to));
    await Plotly.restyle(graph, { x: parts.map(line => line.x), y: parts.map(line => line.y) }, long);
  });
  graph.on("plotly_afterplot", () => markPlot(clock.time));
  markPlot(clock.time);
}

// -- controls ------------------------------------------------------------------------------------------------------
part("position").max = duration;
part("play").addEventListener("click", () => clock.playing ? clock.pause() : clock.play());
part("position").addEventListener("input", event => clock.seek(Number(event.target.value)));
part("speed").addEventListener("change", event => {
  clock.rate = Number(event.target.value);
  if (video) video.playbackRate = clock.rate;
  clock.from = clock.time; clock.since = performance.now();
});
for (const box of document.querySelectorAll(".layer")) box.addEventListener("change", () => draw(drawnAt === null ? clock.time : drawnAt));
window.addEventListener("resize", () => draw(drawnAt === null ? clock.time : drawnAt));
// How far an arrow steps: a picture where its table is drawn, else a twenty-fifth of a second.
const stepOf = () => {
  const track = layers.flatMap(layer => layer.tracks).find(track => track.times.length > 2);
  return track ? median(track.times.subarray(1).map((time, i) => time - track.times[i])) : 0.04;
};
document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input[type=text], select, textarea, summary, a")) return;
  if (event.key === " " ) { if (event.target.tagName === "BUTTON" && event.target.id !== "play") return; event.preventDefault(); clock.playing ? clock.pause() : clock.play(); }
  else if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
    event.preventDefault();
    clock.pause();
    clock.seek(clock.time + (event.key === "ArrowLeft" ? -1 : 1) * (event.shiftKey ? 1 : stepOf()));
  } else if (event.key === "Home") { event.preventDefault(); clock.seek(0); }
  else if (event.key === "End") { event.preventDefault(); clock.seek(duration); }
});

unpackLayers().then(() => draw(clock.time)).then(plot).then(() => { show(clock.time); document.documentElement.dataset.ready = "yes"; })
  .catch(error => { document.documentElement.dataset.ready = "failed: " + error; console.error(error); });
