import '../kit/kit.css';
import './kiosk.css';
import './screens/door.css';
import './screens/screens.css';
import './screens/rest.css';
import { mount } from '../kit/mount.tsx';
import { firstSight } from './agent.ts';
import { Kiosk } from './kiosk.tsx';
import { beginToSpeak } from './languages.ts';

const inLanguageOf = beginToSpeak();
void firstSight().then((first) => mount(<Kiosk first={first} inLanguageOf={inLanguageOf} />));
