import '../kit/kit.css';
import './rig.css';
import './cabinet.css';
import './faults.css';
import './tour.css';
import { mount } from '../kit/mount.tsx';
import { RigPage } from './rig.tsx';

mount(<RigPage />);
