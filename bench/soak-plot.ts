/** What a soak sampled, its slopes, and its plot: memory, handles and timers, event-loop delay, rates over time. */

import { init } from "echarts";

export interface SoakSample {
  readonly seconds: number;
  /** Bytes. */
  readonly rss: number;
  readonly heapUsed: number;
  readonly external: number;
  /** Taken right after a garbage collection. */
  readonly isCollected: boolean;
  /** Open file descriptors, 0 where they cannot be counted. */
  readonly descriptors: number;
  readonly handles: number;
  readonly timers: number;
  /** Of the long-lived sockets. */
  readonly peers: number;
  /** Event-loop delay of the last second: 99th percentile and longest. */
  readonly delayMs: number;
  readonly longestDelayMs: number;
  /** So far: messages, requests, short-lived peers. */
  readonly pipeline: number;
  readonly published: number;
  readonly requests: number;
  readonly routed: number;
  readonly visitors: number;
}

/** Least squares over the second half of the samples, when everything has warmed up: units a minute. */
export function slope(samples: readonly SoakSample[], read: (sample: SoakSample) => number): number {
  const half = samples.slice(Math.floor(samples.length / 2));
  if (half.length < 2) return 0;
  const mean = (of: (sample: SoakSample) => number) => half.reduce((sum, each) => sum + of(each), 0) / half.length;
  const meanTime = mean((each) => each.seconds / 60);
  const meanValue = mean(read);
  let above = 0;
  let below = 0;
  for (const each of half) {
    const time = each.seconds / 60 - meanTime;
    above += time * (read(each) - meanValue);
    below += time * time;
  }
  return below === 0 ? 0 : above / below;
}

const MIB = 2 ** 20;
type Line = readonly [name: string, read: (sample: SoakSample, before: SoakSample) => number | null];

function rate(of: (sample: SoakSample) => number): Line[1] {
  return (sample, before) => {
    const seconds = sample.seconds - before.seconds;
    return seconds > 0 ? (of(sample) - of(before)) / seconds : null;
  };
}

const PANELS: readonly { readonly title: string; readonly lines: readonly Line[] }[] = [
  {
    title: "Memory, MiB",
    lines: [
      ["resident", (sample) => sample.rss / MIB],
      ["heap", (sample) => sample.heapUsed / MIB],
      ["heap after collection", (sample) => (sample.isCollected ? sample.heapUsed / MIB : null)],
    ],
  },
  {
    title: "Open",
    lines: [
      ["handles", (sample) => sample.handles],
      ["descriptors", (sample) => sample.descriptors],
      ["timers", (sample) => sample.timers],
      ["peers", (sample) => sample.peers],
    ],
  },
  {
    title: "Event-loop delay of each second, ms",
    lines: [
      ["99th percentile", (sample) => sample.delayMs],
      ["longest", (sample) => sample.longestDelayMs],
    ],
  },
  {
    title: "A second",
    lines: [
      ["PUSH/PULL", rate((sample) => sample.pipeline)],
      ["PUB/SUB", rate((sample) => sample.published)],
      ["DEALER/ROUTER", rate((sample) => sample.routed)],
      ["REQ/REP", rate((sample) => sample.requests)],
      ["visitors", rate((sample) => sample.visitors)],
    ],
  },
];

/** An SVG document. */
export function renderSoak(samples: readonly SoakSample[]): string {
  const height = 40 + PANELS.length * 240;
  const chart = init(null, null, { renderer: "svg", ssr: true, width: 860, height });
  chart.setOption({
    animation: false,
    backgroundColor: "#ffffff",
    textStyle: { fontFamily: "sans-serif" },
    title: PANELS.map(({ title }, i) => ({ text: title, left: 60, top: 8 + i * 240, textStyle: { fontSize: 13 } })),
    legend: PANELS.map(({ lines }, i) => ({ right: 20, top: 8 + i * 240, data: lines.map(([name]) => name) })),
    grid: PANELS.map((_, i) => ({ left: 70, right: 20, top: 44 + i * 240, height: 160 })),
    xAxis: PANELS.map((_, gridIndex) => ({ type: "value", gridIndex, axisLabel: { formatter: "{value} min" } })),
    yAxis: PANELS.map((_, gridIndex) => ({ type: "value", gridIndex })),
    series: PANELS.flatMap(({ lines }, index) =>
      lines.map(([name, read]) => ({
        type: "line" as const,
        name,
        xAxisIndex: index,
        yAxisIndex: index,
        showSymbol: false,
        connectNulls: true,
        data: samples.map((sample, i) => [sample.seconds / 60, read(sample, samples[i - 1] ?? sample)]),
      })),
    ),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}
