// The last minutes of a rate, drawn by uPlot.
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { rate } from '../format.js';
import { shownSeconds } from '../groups.js';
import { html } from './html.js';

const dark = matchMedia('(prefers-color-scheme: dark)');
const shown = new Set();
let colours = {};

function readColours() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(name).trim();
  colours = { line: read('--line'), area: read('--area'), text: read('--quiet'), grid: read('--rule') };
}
dark.addEventListener('change', () => {
  readColours();
  for (const plot of shown) plot.redraw(false, true);
});

// Seconds before now, and the last value until now.
function dataOf(history) {
  const now = Date.now() / 1000;
  const first = history.times.findIndex((time) => now - time <= shownSeconds);
  const begin = first < 0 ? history.times.length - 1 : Math.max(0, first - 1);
  const times = history.times.slice(begin).map((time) => time - now);
  const values = history.values.slice(begin);
  if (values.length > 0) {
    times.push(0);
    values.push(values.at(-1));
  }
  return [times, values];
}

const minute = (seconds) => (seconds === 0 ? 'now' : `−${-seconds / 60} min`);

const grid = () => ({ stroke: () => colours.grid, width: 1 });

const axes = [
  { stroke: () => colours.text, font: '12px system-ui', size: 26, grid: { show: false }, ticks: { show: false },
    splits: () => [-120, -60, 0], values: (_, splits) => splits.map(minute) },
  { stroke: () => colours.text, font: '12px system-ui', size: 44, grid: grid(), ticks: { show: false }, space: 36,
    values: (_, splits) => splits.map((value) => value.toLocaleString('en')) },
];

const options = (width, height, hasAxes) => ({
  width, height,
  padding: hasAxes ? [10, 22, 0, 0] : [2, 0, 1, 0],
  legend: { show: false },
  cursor: { show: false },
  scales: {
    x: { time: false, range: () => [-shownSeconds, 0] },
    y: { range: (_, __, most) => [0, Math.max(1, most * 1.1)] },
  },
  axes: hasAxes ? axes : [{ show: false }, { show: false }],
  series: [{}, {
    stroke: () => colours.line, fill: () => colours.area, width: 1.5, points: { show: false },
  }],
});

/** `now`: the rate, for who hears the page. Takes the width that is there. */
export function Chart({ history, now, height = 28, hasAxes = false }) {
  const element = useRef();
  const plot = useRef();
  useLayoutEffect(() => {
    if (!colours.line) readColours();
    const { clientWidth } = element.current;
    plot.current = new uPlot(options(clientWidth, height, hasAxes), dataOf(history), element.current);
    shown.add(plot.current);
    const observer = new ResizeObserver(([{ contentRect }]) => {
      if (contentRect.width > 0) plot.current.setSize({ width: contentRect.width, height });
    });
    observer.observe(element.current);
    return () => {
      observer.disconnect();
      shown.delete(plot.current);
      plot.current.destroy();
    };
  }, [history]);
  useEffect(() => plot.current.setData(dataOf(history)));
  return html`<div class="chart" ref=${element} role="img" style=${{ height: `${height}px` }}
    aria-label=${`The last ${shownSeconds / 60} minutes; now ${rate(now)} messages a second`}></div>`;
}
