import type { JsonObject } from '../../model/json.ts';

const ATTRIBUTE = '@';

/** Elements by name, attributes with `@` before theirs; every text is escaped. */
export async function buildXml(document: JsonObject): Promise<string> {
  // For those alone who use it: a command that lists no machines starts without it.
  const { XMLBuilder } = await import('fast-xml-parser');
  const builder = new XMLBuilder({
    ignoreAttributes: false,
    attributeNamePrefix: ATTRIBUTE,
    suppressEmptyNode: true,
    suppressBooleanAttributes: false,
  });
  return builder.build(document);
}

/** Elements and attributes by name, without namespaces; an empty object for what is no XML. */
export async function parseXml(text: string): Promise<unknown> {
  const { XMLParser } = await import('fast-xml-parser');
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '',
    removeNSPrefix: true,
    parseTagValue: false,
  });
  try {
    return parser.parse(text);
  } catch {
    return {};
  }
}
