/**
 * The exponent with which a figure grows: the slope of the line of least squares through the points in log-log. 1 is linear, 2 is with
 * the square. Null where there are fewer than two points, or one that has no logarithm.
 */
export function exponent(points: readonly (readonly [size: number, figure: number])[]): number | null {
  if (points.length < 2 || points.some(([size, figure]) => size <= 0 || figure <= 0)) return null;
  const logs = points.map(([size, figure]) => [Math.log(size), Math.log(figure)] as const);
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanX, meanY] = [mean(logs.map(([x]) => x)), mean(logs.map(([, y]) => y))];
  const along = logs.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  const across = logs.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return across === 0 ? null : along / across;
}
