declare module '@innovaccer/design-system/css';
