/** Numbers of frames, as the command line writes them; the sweep file does too, so it is the floor of traces that reads them. */
export { frameSizes } from '../trace/frame-sizes.ts';
