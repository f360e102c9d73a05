/**
 * What starters write so that a new machine of a cloud or a hypervisor answers at once: cloud-init installs nginx.
 * @param machine `a server`
 */
export function nginxUserData(machine: string): readonly string[] {
  return [
    `userData: # what ${machine} does at its first boot; PLACEHOLDER: install your own service here`,
    '  text: |',
    '    #cloud-config',
    '    packages: [nginx]',
  ];
}

/** What the group of such machines has to wait for. */
export function nginxGrace(period: string): string {
  return `healthCheckGracePeriod: ${period} # cloud-init installs nginx first`;
}

/** What a person does about it. @param image `an image` */
export function nginxRemedy(image: string): string {
  return `userData installs nginx: put in what installs your service, or use ${image} that has it.`;
}
