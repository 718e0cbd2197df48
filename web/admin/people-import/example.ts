/** The list that the page offers as an example. */
export const EXAMPLE = [
  ['Name', 'Flat', 'Email', 'Mobile'],
  ['Ada Okafor', '4B', 'ada@example.com', '+447700900123'],
  ['Bo Lindqvist', '5C', '', '+447700900124'],
  ['Cy Brandt', '6D', 'cy@example.com', ''],
];
