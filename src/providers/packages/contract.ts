/** The contract between Drover and the package of a provider. It changes when a package that was written for the one before would have to. */
export const CONTRACT = 1;
