/*
 * The simulated server imports Baileys, too, and usually first. Where the plugin is loaded by a gateway nothing comes before it; here
 * this file does.
 */
import { quietLibsignal } from "../../src/baileys/quiet-libsignal.ts";

quietLibsignal();
