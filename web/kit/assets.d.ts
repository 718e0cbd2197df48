/** Style sheets are imported for their effect; vite turns them into files of their own. */
declare module '*.css';
