/** What `drover init` asks for and writes, for servers of one kind. */
export interface Starter {
  /** What the servers are: `containers of Docker or Podman`. */
  readonly title: string;
  /** What is asked beside what is asked for every fleet, in this order. Those without a usual answer come first. */
  readonly questions: readonly StarterQuestion[];
  /** What a folder tells of the answers, such as a `package.json` with a start script. */
  detect?(folder: string): Promise<StarterAnswers>;
  /** The provider's parts of a fleet file. */
  write(answers: StarterAnswers): StarterParts;
}

/** What may be asked; each is an option of the command, too. */
export type StarterKey = 'command' | 'image' | 'hosts' | 'service' | 'serverPort' | 'engine';

export type StarterAnswers = Readonly<Partial<Record<StarterKey, string>>>;

export interface StarterQuestion {
  readonly key: StarterKey;
  /** As a person is asked. */
  readonly message: string;
  /** Null where only a person can say. */
  readonly usual: string | null;
}

/** Lines of YAML without indentation of their own place. Values of answers are written so that YAML reads them back as they are. */
export interface StarterParts {
  /** What stands under the provider's name in `providers`; empty where its type's name alone stands for it. */
  readonly provider: readonly string[];
  /** What stands in `launchTemplate` after `provider`. */
  readonly launchTemplate: readonly string[];
  /** The port of each server, as YAML; null where each server is given one. */
  readonly port: string | null;
  /** More of the auto scaling group. */
  readonly group: readonly string[];
  /** The most servers that there can be; null for no bound. */
  readonly maxServers: number | null;
  /** What a person has to do before it runs, in sentences. */
  readonly before: readonly string[];
}
