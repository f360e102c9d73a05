import { XMLBuilder, XMLParser } from 'fast-xml-parser';
import type { JsonObject } from '../../model/json.ts';

const ATTRIBUTE = '@';

const builder = new XMLBuilder({
  ignoreAttributes: false,
  attributeNamePrefix: ATTRIBUTE,
  suppressEmptyNode: true,
  suppressBooleanAttributes: false,
});

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '',
  removeNSPrefix: true,
  parseTagValue: false,
});

/** Elements by name, attributes with `@` before theirs; every text is escaped. */
export function buildXml(document: JsonObject): string {
  return builder.build(document);
}

/** Elements and attributes by name, without namespaces; an empty object for what is no XML. */
export function parseXml(text: string): unknown {
  try {
    return parser.parse(text);
  } catch {
    return {};
  }
}
