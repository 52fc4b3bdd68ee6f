import { wire } from "./wire.ts";

wire("zeromq");
