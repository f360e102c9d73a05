/**
 * Thrown where something outside of Drover (a file, a program, an answer, a request) is not as it should be. Its message is for a person. What
 * is thrown otherwise is a defect, unless it comes from the operating system or the network.
 */
export class ExpectedError extends Error {}
