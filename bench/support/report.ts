import { renderTable } from '../../src/cli/render/table.ts';

const WIDTH = 120;

/** Prints a table: the first row has the titles, the first column the names; numbers stand to the right. */
export function printTable([titles = [], ...rows]: readonly (readonly string[])[]): void {
  const columns = titles.map((title, index) => ({
    title,
    align: index === 0 ? ('left' as const) : ('right' as const),
  }));
  const cells = rows.map((row) => row.map((text) => ({ text })));
  for (const line of renderTable(columns, cells, { width: WIDTH, title: (text) => text, cut: '…' })) console.log(line);
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}

export function ratio(value: number): string {
  return `${value < 10 ? value.toFixed(1) : value.toFixed(0)} x`;
}

export function whole(value: number): string {
  return Math.round(value).toLocaleString('en');
}
