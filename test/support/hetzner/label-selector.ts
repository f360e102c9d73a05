/** Whether labels fulfil a selector such as `env=prod,!old,app in (a,b)` (https://docs.hetzner.cloud/reference/cloud#label-selector). */
export function selects(selector: string, labels: Readonly<Record<string, string>>): boolean {
  const conditions = selector.match(/(?:[^,(]|\([^)]*\))+/g) ?? [];
  return conditions.every((condition) => holds(condition.trim(), labels));
}

function holds(condition: string, labels: Readonly<Record<string, string>>): boolean {
  const set = /^(\S+)\s+(in|notin)\s+\(([^)]*)\)$/.exec(condition);
  if (set !== null) {
    const [, key = '', operator, list = ''] = set;
    const isIn = list.split(',').some((value) => value.trim() === labels[key]);
    return operator === 'in' ? isIn : !isIn;
  }
  const comparison = /^([^!=]+)(==|=|!=)(.*)$/.exec(condition);
  if (comparison !== null) {
    const [, key = '', operator, value] = comparison;
    return (labels[key.trim()] === value?.trim()) === (operator !== '!=');
  }
  return condition.startsWith('!') ? labels[condition.slice(1)] === undefined : labels[condition] !== undefined;
}
