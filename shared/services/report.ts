/** Takes one line on what goes on while a service is being prepared. */
export type Report = (line: string) => void;

/** For those who do not want to know. */
export const noReport: Report = () => {};
