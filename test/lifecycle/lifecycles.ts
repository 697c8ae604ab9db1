import { filerobot } from './filerobot.ts'
import { filestack } from './filestack.ts'
import { fivemanage } from './fivemanage.ts'
import { imagekit } from './imagekit.ts'
import { quantcdn } from './quantcdn.ts'

export const lifecycles = [filestack, imagekit, fivemanage, filerobot, quantcdn]
