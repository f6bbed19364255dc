// Types shared with Python and with Jupyter. The Python classes named here describe each trait.

import type * as LeafletNamespace from "leaflet";

/** The Leaflet library of the map on the page; jupyter-leaflet sets it as `window.L`. */
export type Leaflet = typeof LeafletNamespace;

/** Degrees. */
export type LatLng = { lat: number; lng: number };

/** [longitude, latitude] in degrees, the order that Python expects. */
export type LonLat = [number, number];

/** Bytes from Python: a view of the message that contains them. */
export type Bytes = DataView<ArrayBuffer>;

/** Traits that every widget has. */
export interface WidgetTraits {
  /** Name of the widget, a key of `WIDGETS` in `widgets.js`. */
  script: string;
}

/** The trait of every widget by which the browser finds its model. */
export interface OwnIdTraits {
  own_id: string;
}

/** A group of outlined patches; weight in pixels. A casing is a wider line below, for contrast. */
export type Outline = {
  patches: number[];
  color: string;
  weight: number;
  dashArray?: string;
  casing?: string;
};

export type Tool = "" | "rectangle" | "polygon" | "ruler";

/** Traits of `MapBridge`, widgets/map/bridge.py. */
export interface MapTraits extends WidgetTraits {
  map: string;
  shown: boolean;
  opened: boolean;
  bounds: [[number, number], [number, number]];
  origin: [number, number];
  corners: Bytes;
  levels: Bytes;
  palette: Bytes;
  opacity: number;
  grid: boolean;
  imagery: number;
  second: number;
  dates: [string, string] | [];
  imagery_zoom: number;
  outlines: Record<string, Outline>;
  focus: [number, number] | [];
  pin: [number, number] | [];
  tool: Tool;
  tooltip: string;
}

/** Traits of `KeyListener`, widgets/keyboard/keyboard_panel.py. */
export interface KeyTraits extends WidgetTraits {
  names: string[];
}

/** Traits of `ChipSheet`, widgets/review/sheet.py. */
export interface SheetTraits extends WidgetTraits {
  chips: { patch: number; caption: string }[];
  pictures: Bytes[];
  verdicts: string[];
  verbs: { verb: string; text: string; title: string }[];
  place: number;
}

/** Traits of `Histogram`, widgets/narrow/histogram.py. */
export interface HistogramTraits extends WidgetTraits {
  range: [number, number];
  counts: number[];
  known: number[];
  at: number;
}

/** The part of anywidget's model that is used here. */
export interface Model<Traits> {
  get<Name extends keyof Traits>(name: Name): Traits[Name];
  set<Name extends keyof Traits>(name: Name, value: Traits[Name]): void;
  save_changes(): void;
  send(message: object): void;
  // The arguments of a handler depend on the event: "msg:custom" passes a message and its
  // buffers; those of changes are not used.
  // biome-ignore lint/suspicious/noExplicitAny: no single type fits all events
  on(event: string, handler: (...args: any[]) => void): void;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  off(event: string, handler: (...args: any[]) => void): void;
  widget_manager?: WidgetManager;
}

/** The part of Jupyter's widget manager that is used here. Voila's and JupyterLab's have a kernel. */
export interface WidgetManager {
  get_model(id: string): Promise<MapModel>;
  kernel?: Kernel;
}

/** The model of an ipyleaflet `Map`; `obj` of a view is the Leaflet map. */
export interface MapModel {
  views?: Record<string, Promise<{ obj?: import("leaflet").Map } | undefined>>;
}

/** A signal of Lumino, Jupyter's toolkit. */
export interface Signal {
  connect(slot: () => void): void;
  disconnect(slot: () => void): void;
}

/** A signal that comes with a message. */
export interface MessageSignal {
  connect(slot: (sender: unknown, message: { direction: "send" | "recv" }) => void): void;
  disconnect(slot: (sender: unknown, message: { direction: "send" | "recv" }) => void): void;
}

/** The part of JupyterLab's kernel connection that is used here. */
export interface Kernel {
  id: string;
  serverSettings: { baseUrl: string; token: string };
  anyMessage?: MessageSignal;
  reconnect(): Promise<void>;
  status: string;
  connectionStatus: string;
  isDisposed: boolean;
  connectionStatusChanged?: Signal;
  statusChanged: Signal;
  disposed: Signal;
}

/** A widget of the built file; anywidget calls these functions. */
export interface Widget<Traits> {
  initialize?(context: { model: Model<Traits>; signal: AbortSignal }): void;
  render(context: { model: Model<Traits>; el: HTMLElement }): undefined | (() => void);
}

declare global {
  interface Window {
    L: Leaflet;
  }
  interface HTMLElement {
    /** Lets browser tests and the console find patches on the screen. */
    leafletMap?: import("leaflet").Map;
  }
}
