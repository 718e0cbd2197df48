import '../kit/kit.css';
import './kiosk.css';
import './screens/door.css';
import './screens/screens.css';
import './screens/rest.css';
import { mount } from '../kit/mount.tsx';
import { firstView } from './agent.ts';
import { Kiosk } from './kiosk.tsx';
import { beginToSpeak } from './languages.ts';

const inLanguageOf = beginToSpeak();
void firstView().then((first) => mount(<Kiosk first={first} inLanguageOf={inLanguageOf} />));
