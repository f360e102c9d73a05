const HUB = 'https://index.docker.io/v1/';

/** The image with a tag: without one an engine would pull them all. */
export function withTag(image: string): string {
  return image.includes('@') || /:[^/]*$/.test(image) ? image : `${image}:latest`;
}

/** The registry that an image's name says: a first part that looks like a host; Docker Hub for all others. */
export function registryOf(image: string): string {
  const [first = '', ...rest] = image.split('/');
  return rest.length > 0 && (/[.:]/.test(first) || first === 'localhost') ? first : HUB;
}
