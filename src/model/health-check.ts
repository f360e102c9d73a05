/** Whether an HTTP status satisfies a matcher: codes and ranges, separated by commas, as HAProxy writes them (`200,301-302`). */
export function matchesStatus(matcher: string, status: number): boolean {
  return matcher.split(',').some((part) => {
    const [first, last = first] = part.split('-').map(Number);
    return first !== undefined && last !== undefined && status >= first && status <= last;
  });
}
