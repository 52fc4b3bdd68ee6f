/**
 * The SVG for the README: messages a second over tcp by message size, and the round trip, of every peer. Drawn by
 * ECharts, which renders to a string without a DOM.
 */
import { init } from "echarts";
import { type Report, type Row, short } from "./report.ts";

const COLORS = ["#d9480f", "#4c6ef5", "#495057", "#adb5bd", "#12b886"];
const PANELS = [
  { title: "PUSH to PULL over tcp: messages a second (more is better)", prefix: "push-pull-tcp-", log: true },
  { title: "REQ to REP round trip: microseconds, median (less is better)", prefix: "req-rep-", log: false },
];

/** An SVG document, or undefined when the report holds none of the workloads it shows. */
export function renderPlot(report: Report): string | undefined {
  const panels = PANELS.flatMap((panel) => {
    const rows = report.rows.filter(({ name }) => name.startsWith(panel.prefix) && !/inproc|await|x64B/.test(name));
    return rows.length === 0 ? [] : { ...panel, rows };
  });
  if (panels.length === 0) return undefined;
  const height = 60 + panels.length * 260;
  const chart = init(null, null, { renderer: "svg", ssr: true, width: 860, height });
  chart.setOption({
    animation: false,
    backgroundColor: "#ffffff",
    color: COLORS,
    textStyle: { fontFamily: "sans-serif" },
    legend: { top: 12, data: report.peers.map(({ name }) => name) },
    title: panels.map(({ title }, i) => ({
      text: title,
      left: 60,
      top: 46 + i * 260,
      textStyle: { fontSize: 13, fontFamily: "sans-serif" },
    })),
    grid: panels.map((_, i) => ({ left: 70, right: 20, top: 80 + i * 260, height: 180 })),
    xAxis: panels.map(({ rows, prefix }, gridIndex) => ({
      type: "category",
      gridIndex,
      data: rows.map(({ name }) => name.slice(prefix.length)),
    })),
    yAxis: panels.map(({ log }, gridIndex) => ({
      type: log ? "log" : "value",
      ...(log && { min: 1000 }),
      gridIndex,
      axisLabel: { formatter: short },
    })),
    series: panels.flatMap(({ rows }, index) => report.peers.map(({ name }) => bars(name, rows, index))),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

function bars(name: string, rows: readonly Row[], panel: number) {
  return {
    type: "bar" as const,
    name,
    xAxisIndex: panel,
    yAxisIndex: panel,
    label: {
      show: true,
      position: "top" as const,
      fontSize: 9,
      formatter: ({ value }: { value: unknown }) => (typeof value === "number" ? short(value) : ""),
    },
    data: rows.map((row) => row.peers[name]?.median ?? "-"),
  };
}
