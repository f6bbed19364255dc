// The coordinates under the pointer, told without asking Python, and a pin at the place gone to.

function coordinates(map, L) {
  const control = L.control({ position: "bottomright" });
  const line = L.DomUtil.create("div", "rareearth-coordinates");
  control.onAdd = () => line;
  const written = (degrees, [positive, negative]) => `${Math.abs(degrees).toFixed(5)}° ${degrees < 0 ? negative : positive}`;
  const say = ({ latlng }) => {
    const { lat, lng } = latlng.wrap();
    line.textContent = `${written(lat, "NS")}, ${written(lng, "EW")}`;
  };
  const hush = () => { line.textContent = ""; };
  control.addTo(map);
  map.on({ mousemove: say, mouseout: hush });
  return () => { map.off({ mousemove: say, mouseout: hush }); control.remove(); };
}

function pin(model, map, L) {
  const look = { radius: 7, fill: false, interactive: false, pane: pane(map, "rareearth-pin", 470) };
  const rings = [{ color: "#3d003a", weight: 6 }, { color: "#ff3df2", weight: 3 }]
    .map((style) => L.circleMarker([0, 0], { ...look, ...style }));
  const show = () => {
    const place = model.get("pin");
    for (const ring of rings) {
      if (place.length) ring.setLatLng(place).addTo(map); else ring.remove();
    }
  };
  show();
  model.on("change:pin", show);
  return () => { model.off("change:pin", show); rings.forEach((ring) => ring.remove()); };
}
