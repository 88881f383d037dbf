"use strict";
// The page's own script: maps with layers and a time slider, series of what is clicked, runs to choose from.
(function () {
  const data = JSON.parse(document.getElementById("data").textContent);
  const words = data.words;
  const COLORS = { pass: "#1e7a44", fail: "#b3261e", undetermined: "#9a6700", none: "#5b6670" };
  const KEYS = { depth: "#1f6bb0", volume: "#7a55ad", speed: "#d2552a", discharge: "#1e7a44", limit: "#b3261e" };
  const maps = [];

  function clock(seconds) {
    const minutes = Math.round(seconds / 60);
    return Math.floor(minutes / 60) + ":" + String(minutes % 60).padStart(2, "0");
  }

  function element(tag, text, attributes) {
    const made = Object.assign(document.createElement(tag), attributes || {});
    if (text !== undefined) made.textContent = text;
    return made;
  }

  // A picture of cells, loaded when first asked for; gives the value of the cell under a place of the picture.
  function picture(uri) {
    const image = new Image();
    image.src = uri;
    return image.decode().then(function () { return image; });
  }

  function draw(canvas, image) {
    if (canvas.width !== image.width || canvas.height !== image.height) {
      canvas.width = image.width;
      canvas.height = image.height;
    }
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.drawImage(image, 0, 0);
    return context;
  }

  function valueAt(context, layer, column, row) {
    const pixel = context.getImageData(column, row, 1, 1).data;
    if (pixel[3] === 0) return null;
    return layer.values[layer.colors.indexOf((pixel[0] << 16) | (pixel[1] << 8) | pixel[2])];
  }

  function RunMap(run, article) {
    const holder = article.querySelector(".map");
    const self = { run: run, frame: 0, layer: null };
    const box = run.extent;
    const bounds = [[0, 0], [box.height, box.width]];
    const map = L.map(holder, { crs: L.CRS.Simple, minZoom: -8, maxZoom: 5, zoomSnap: 0.1, attributionControl: false });
    const canvas = document.createElement("canvas");
    const select = article.querySelector(".layer"), slider = article.querySelector(".slider");
    const timeBar = article.querySelector(".time"), output = article.querySelector(".clock");
    const play = article.querySelector(".play"), panel = article.querySelector(".series");
    const layers = (run.frames ? [run.frames] : []).concat(run.layers);
    const cache = new Map();
    let wanted = 0, timer = null, chart = null, own = null;

    L.imageOverlay(run.base, bounds, { className: "base" }).addTo(map);
    const overlay = L.svgOverlay(canvas, bounds, { opacity: 0.85, interactive: false }).addTo(map);
    L.control.scale({ imperial: false }).addTo(map);
    const legend = L.control({ position: "bottomright" });
    legend.onAdd = function () { self.legend = element("div", "", { className: "legend" }); return self.legend; };
    legend.addTo(map);
    const fit = holder.clientWidth > 520 ? { paddingBottomRight: [130, 0] } : {};  // leaves room for the legend
    map.fitBounds(bounds, fit);

    function load(uri) {
      if (!cache.has(uri)) cache.set(uri, picture(uri));
      return cache.get(uri);
    }

    function show() {
      const layer = self.layer, turn = ++wanted;
      const uri = layer.images ? layer.images[self.frame] : layer.image;
      if (layer.images) output.value = clock(layer.times[self.frame]);
      return load(uri).then(function (image) {
        if (turn !== wanted) return;
        draw(canvas, image);
        holder.dataset.shown = layer.key + (layer.images ? ":" + self.frame : "");
      });
    }

    function choose(key) {
      self.layer = layers.find(function (layer) { return layer.key === key; }) || layers[0];
      const layer = self.layer;
      select.value = layer.key;
      timeBar.hidden = !layer.images;
      timeBar.style.visibility = layer.images ? "" : "hidden";
      self.legend.replaceChildren(element("b", layer.title + (layer.unit ? " (" + layer.unit + ")" : "")));
      if (layer.note) self.legend.append(element("span", layer.note, { className: "conf" }));
      layer.legend.forEach(addToLegend);
      if (pipes && map.hasLayer(pipes)) {
        self.legend.append(element("b", words.pipe_legend));
        run.drains.pipe_legend.forEach(addToLegend);
      }
      if (run.drains.cause_legend.length) {
        self.legend.append(element("b", words.causes));
        run.drains.cause_legend.forEach(addToLegend);
      }
      return show();
    }

    function addToLegend(item) {
      const line = element("div"), patch = element("i");
      patch.style.background = item.color;
      line.append(patch, item.label);
      self.legend.append(line);
    }

    function at(number) {
      self.frame = number;
      slider.value = number;
      return show();
    }

    function stop() {
      clearInterval(timer);
      timer = null;
      play.textContent = words.play;
    }

    layers.forEach(function (layer) { select.append(element("option", layer.title, { value: layer.key })); });
    if (run.frames) slider.max = run.frames.images.length - 1;
    select.onchange = function () { choose(select.value); };
    slider.oninput = function () { if (self.layer.images) at(Number(slider.value)); };
    article.querySelector(".opacity").oninput = function (event) { overlay.setOpacity(event.target.value / 100); };
    play.onclick = function () {
      if (timer) { stop(); return; }
      play.textContent = words.pause;
      timer = setInterval(function () { at((self.frame + 1) % run.frames.images.length); }, 250);
    };

    function close() {
      if (chart) chart.destroy();
      chart = null;
      panel.hidden = true;
    }

    // Shows columns [[label, colour, values], ...] over minutes in the panel under the map.
    function plot(title, minutes, columns, rain, link) {
      close();
      panel.hidden = false;
      const head = element("header");
      head.append(element("b", title));
      if (link) head.append(element("a", words.sheet, { href: "#" + link }));
      head.append(element("button", words.close, { type: "button", onclick: close }));
      panel.replaceChildren(head);
      if (!columns.length) return;
      const series = [{ label: words.time }], values = [minutes], axes = [{ label: words.minutes }];
      columns.forEach(function (column) {
        const scale = column.scale || "y";
        series.push({ label: column.label, stroke: column.color, width: 1.6, scale: scale, dash: column.dash });
        values.push(column.values);
      });
      const scales = { x: { time: false }, y: { range: fromZero } };
      axes.push({ scale: "y" });
      if (rain && rain.some(function (rate) { return rate > 0; })) {
        const top = Math.max.apply(null, rain);
        series.push({ label: words.rain, stroke: "#5a8fbf", fill: "rgba(90,143,191,.35)", scale: "rain", paths: uPlot.paths.stepped({ align: -1 }) });
        values.push(rain);
        scales.rain = { range: [0, 3 * top], dir: -1 };
        axes.push({ scale: "rain", side: 1, grid: { show: false }, splits: function () { return [0, Math.round(top)]; } });
      }
      columns.filter(function (column) { return column.scale; }).forEach(function (column) {
        scales[column.scale] = { range: fromZero };
      });
      const width = panel.clientWidth - 24;
      chart = new uPlot({ width: width, height: 230, series: series, scales: scales, axes: axes }, values, panel);
    }

    function fromZero(_, least, greatest) { return [Math.min(0, least), greatest > 0 ? greatest * 1.08 : 1]; }

    function open(place) {
      const columns = Object.keys(place.series).map(function (key, number) {
        return { label: words["series_" + key], color: KEYS[key], values: place.series[key], scale: number ? key : undefined };
      });
      if (place.limit !== undefined && columns.length) {
        const limit = run.minutes.map(function () { return place.limit; });
        columns.push({ label: words.series_limit, color: KEYS.limit, values: limit, dash: [6, 4] });
      }
      plot(words["kind_" + place.kind] + ": " + place.name + (place.what ? " (" + place.what + ")" : ""), run.minutes, columns, run.rain, place.sheet);
      holder.dataset.open = place.name;
      if (own) own.remove();
      own = place.catchment && place.catchment.length ? outline(place).addTo(map) : null;
    }

    function local(x, y) { return [y - box.y, x - box.x]; }

    function mark(place) {
      const color = place.color || COLORS[place.state] || "#22303c";
      let shape;
      if (place.rings) {
        const rings = place.rings.map(function (ring) { return ring.map(function (xy) { return local(xy[0], xy[1]); }); });
        shape = L.polygon(rings, { color: color, weight: place.color ? 3.5 : 2.5, fillOpacity: place.color ? 0.18 : 0.06 });
        shape.bindTooltip(place.name, { permanent: true, direction: "top", className: "point-label" });
      } else if (place.line) {
        shape = L.polyline(place.line.map(function (xy) { return local(xy[0], xy[1]); }), { color: "#1e7a44", weight: 4, dashArray: "6 4" });
        shape.bindTooltip(place.name);
      } else {
        const look = { radius: place.kind === "gauge" ? 5 : 7, color: color, weight: 2, fillColor: "#ffffff", fillOpacity: 0.9 };
        shape = L.circleMarker(local(place.x, place.y), look);
        shape.bindTooltip(place.name);
      }
      shape.on("click", function (event) { L.DomEvent.stopPropagation(event); open(place); });
      shape.addTo(map);
      place.shape = shape;
    }

    // Catchments and pipes lie under the points and are shown on demand; a clicked point shows its own catchment.
    function outline(place) {
      const rings = place.catchment.map(function (ring) { return ring.map(function (xy) { return local(xy[0], xy[1]); }); });
      return L.polygon(rings, { color: place.color || COLORS[place.state], weight: 1.5, dashArray: "5 4", fillOpacity: 0.07, interactive: false });
    }

    const pipes = run.drains.pipes.length ? L.layerGroup() : null;
    const catchments = L.layerGroup();
    const lines = L.canvas({ padding: 0.4, tolerance: 4 });
    run.drains.pipes.forEach(function (pipe) {
      const line = pipe.line.map(function (xy) { return local(xy[0], xy[1]); });
      L.polyline(line, { color: pipe.color, weight: 3, renderer: lines }).bindTooltip(pipe.text, { sticky: true }).addTo(pipes);
    });
    run.drains.marks.forEach(function (item) {
      const look = { radius: 6, color: "#22303c", weight: 2, fillColor: item.kind === "station" ? "#6f4bb2" : "#1565a7", fillOpacity: 1 };
      if (pipes) L.circleMarker(local(item.x, item.y), look).bindTooltip(item.text).addTo(pipes);
    });
    run.places.forEach(function (place) { if (place.catchment && place.catchment.length) outline(place).addTo(catchments); });
    function toggle(box, group) {
      if (!box || !group) return;
      box.onchange = function () {
        if (box.checked) group.addTo(map); else group.remove();
        holder.dataset.group = box.className + ":" + box.checked;
        choose(self.layer.key);
      };
    }
    toggle(article.querySelector("input.pipes"), pipes);
    toggle(article.querySelector("input.catchments"), catchments);

    run.places.forEach(mark);

    function probe(event) {
      const column = Math.floor(event.latlng.lng / box.width * canvas.width);
      const row = canvas.height - 1 - Math.floor(event.latlng.lat / box.height * canvas.height);
      if (column < 0 || row < 0 || column >= canvas.width || row >= canvas.height) return;
      const x = (box.x + event.latlng.lng).toFixed(1), y = (box.y + event.latlng.lat).toFixed(1);
      const value = valueAt(canvas.getContext("2d", { willReadFrequently: true }), self.layer, column, row);
      const shown = value === null ? words.none : typeof value === "number" ? words.about + " " + value + " " + self.layer.unit : value;
      L.popup().setLatLng(event.latlng).setContent(element("div", self.layer.title + ": " + shown)).openOn(map);
      if (run.frames) history(column, row, words.here.replace("{x}", x).replace("{y}", y));
    }

    function history(column, row, title) {
      const work = document.createElement("canvas");
      Promise.all(run.frames.images.map(load)).then(function (images) {
        const values = images.map(function (image) { return valueAt(draw(work, image), run.frames, column, row) || 0; });
        const minutes = run.frames.times.map(function (t) { return t / 60; });
        plot(title, minutes, [{ label: words.series_depth, color: KEYS.depth, values: values }], null, null);
        holder.dataset.open = "here";
      });
    }

    map.on("click", probe);
    article.querySelectorAll("tr[data-point]").forEach(function (row) {
      row.onclick = function (event) {
        if (event.target.tagName === "A") return;
        const place = run.places.find(function (one) { return one.kind === "waterlogging" && one.name === row.dataset.point; });
        if (place) { map.fitBounds(place.shape.getBounds(), { maxZoom: 1 }); open(place); }
      };
    });
    window.addEventListener("resize", function () { if (chart) chart.setSize({ width: panel.clientWidth - 24, height: 230 }); });

    self.map = map;
    self.choose = choose;
    self.refresh = function () { map.invalidateSize(); map.fitBounds(bounds, fit); };
    self.ready = choose(run.start);
    return self;
  }

  // Pictures in the text come from the same data as the map, so that nothing stands twice in the file.
  function fillPictures() {
    document.querySelectorAll("img[data-base]").forEach(function (image) { image.src = data.runs[image.dataset.base].base; });
    document.querySelectorAll("img[data-of]").forEach(function (image) {
      const parts = image.dataset.of.split(":");
      const layer = data.runs[parts[0]].layers.find(function (one) { return one.key === parts[1]; });
      if (layer) image.src = layer.image;
    });
  }

  function startRun(number) {
    document.querySelectorAll("article.run").forEach(function (article) {
      const own = Number(article.dataset.run) === number;
      article.hidden = !own;
      if (own && !maps[number]) maps[number] = RunMap(data.runs[number], article);
      else if (own) maps[number].refresh();
    });
    return maps[number].ready;
  }

  document.querySelectorAll("nav a[data-section]").forEach(function (link) {
    link.onclick = function (event) {
      event.preventDefault();
      document.querySelector("article.run:not([hidden]) [data-name=" + link.dataset.section + "]").scrollIntoView();
    };
  });
  document.getElementById("print").onclick = function () { window.print(); };
  const chooser = document.getElementById("run");
  if (chooser) chooser.onchange = function () { startRun(Number(chooser.value)); };
  startRun(0).then(function () {
    document.documentElement.dataset.ready = Math.round(performance.now());
    fillPictures();
  });
})();
