/** One record by column name. */
export interface Record {
  get(column: string): string | undefined;
}

/** HAProxy's CSV with its header line (`# pxname,...`). Rows that are not whole are left out. */
export function parseCsv(text: string): readonly Record[] {
  const [header, ...rows] = text.split('\n').filter((line) => line !== '');
  if (header === undefined || !header.startsWith('# ')) return [];
  const columns = splitRow(header.slice(2));
  const places = placesOf(columns);
  return rows.flatMap((row) => {
    const fields = splitRow(row);
    return fields.length === columns.length ? [recordOf(places, fields)] : [];
  });
}

/** `Name: value` lines. */
export function parseInfo(text: string): Record {
  const pairs = text.split('\n').map((line): [string, string] => {
    const colon = line.indexOf(': ');
    return colon < 0 ? ['', ''] : [line.slice(0, colon), line.slice(colon + 2)];
  });
  return new Map(pairs.filter(([name]) => name !== ''));
}

/** Quoted fields may hold commas, and quotes that are doubled. */
export function splitRow(row: string, separator = ','): readonly string[] {
  if (!row.includes('"')) return row.split(separator);
  const fields: string[] = [];
  let at = 0;
  while (at <= row.length) {
    if (row[at] === '"') {
      let field = '';
      at += 1;
      while (at < row.length) {
        const quote = row.indexOf('"', at);
        const end = quote < 0 ? row.length : quote;
        field += row.slice(at, end);
        at = end + 1;
        if (row[at] !== '"') break;
        field += '"';
        at += 1;
      }
      fields.push(field);
      at += 1;
    } else {
      const comma = row.indexOf(separator, at);
      const end = comma < 0 ? row.length : comma;
      fields.push(row.slice(at, end));
      at = end + 1;
    }
  }
  return fields;
}

function placesOf(columns: readonly string[]): ReadonlyMap<string, number> {
  return new Map(columns.map((column, index) => [column, index]));
}

/** A hundred columns of which few are asked for, thousands of rows: looked up, not copied. */
function recordOf(places: ReadonlyMap<string, number>, fields: readonly string[]): Record {
  return { get: (column) => fields[places.get(column) ?? -1] };
}
